/** Added to a scope before anything else: remembers every WebAssembly memory made in it and reports their bytes. */
const memories = new Set();

function remember(instance, imports) {
  const candidates = [...Object.values(instance.exports), ...Object.values(imports ?? {}).flatMap(Object.values)];
  for (const candidate of candidates) if (candidate instanceof WebAssembly.Memory) memories.add(candidate);
}

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (source, imports) => {
  const result = await instantiate(source, imports);
  remember(result.instance ?? result, imports);
  return result;
};
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    remember(instance, args[1]);
    return instance;
  },
});

class MemoryProbe extends AudioWorkletProcessor {
  constructor() {
    super();
    this.last = -1;
  }

  process() {
    let bytes = 0;
    for (const memory of memories) bytes += memory.buffer.byteLength;
    if (bytes !== this.last) this.port.postMessage(bytes);
    this.last = bytes;
    return true;
  }
}

registerProcessor('bench/memory-probe', MemoryProbe);
