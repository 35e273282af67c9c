/** From options to a node that runs. */
import { assetsOf } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import { DEFAULT_TIMEOUT_MS, limited } from '../shared/limited';
import { isError } from '../shared/realm';
import { VERSION } from '../shared/version';
import { checkOpen, whileOpen } from './closing';
import type { NoiseSuppressorNode } from './node';
import type { CreateOptions } from './node-options';
import { register, registrationOf } from './registration';

/**
 * Registers, makes the node, and waits for it; leaves nothing behind when that fails.
 * @param options checked
 * @throws {NoiseSuppressorError} those of register(), of the node's `ready`, and 'timeout', 'aborted'
 */
export async function start(
  context: BaseAudioContext,
  options: CreateOptions,
  make: () => NoiseSuppressorNode,
): Promise<NoiseSuppressorNode> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const assets = assetsOf(options);
  let node: NoiseSuppressorNode | undefined;
  try {
    return await limited(
      [signal, assets.fetchInit?.signal],
      timeoutMs,
      'the suppressor did not start',
      async (wait) => {
        const loaded = await whileOpen(context, register(context, assets, wait), wait.signal);
        // The caller may have been told already: leave nothing behind.
        if (wait.signal.aborted) throw wait.signal.reason;
        registrationOf(context).assets = loaded;
        node = made(context, make);
        wait.things.add('the first frame');
        return node.ready;
      },
    );
  } catch (error) {
    node?.destroy();
    // With the frame that a context belonged to it goes without an event.
    if ((error as Partial<NoiseSuppressorError>).code === 'timeout') checkOpen(context, error);
    throw error;
  }
}

function made(context: BaseAudioContext, make: () => NoiseSuppressorNode): NoiseSuppressorNode {
  try {
    return make();
  } catch (cause) {
    checkOpen(context, cause);
    // The module ran without an error, yet did not register the name that carries this version.
    if (isError(cause, 'InvalidStateError')) {
      registrationOf(context).modules.clear();
      throw new NoiseSuppressorError(
        'version-mismatch',
        `the worklet file does not belong to library ${VERSION}: refresh the copied or cached asset files`,
        { cause },
      );
    }
    throw new NoiseSuppressorError('processor-failed', 'the audio worklet node could not be made', { cause });
  }
}
