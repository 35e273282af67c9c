/** The least a worklet can do: what the graph and the callback cost by themselves. */
class PassThrough extends AudioWorkletProcessor {
  process(inputs, outputs) {
    const input = inputs[0];
    const output = outputs[0];
    for (let c = 0; c < output.length; c++) if (input[c]) output[c].set(input[c]);
    return true;
  }
}

registerProcessor('bench/pass-through', PassThrough);
