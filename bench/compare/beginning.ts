/** The beginning of a recording, however long it is: no more of it is decoded than is compared. */
import { ALL_FORMATS, BlobSource, BufferTarget, Conversion, Input, Output, WavOutputFormat } from 'mediabunny';

/** As WAV, at its own rate; the file itself where this browser has no way to read it bit by bit. */
export async function beginning(file: Blob, seconds: number): Promise<Blob> {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const target = new BufferTarget();
  try {
    const conversion = await Conversion.init({
      input,
      output: new Output({ format: new WavOutputFormat(), target }),
      trim: { end: seconds },
      audio: { codec: 'pcm-f32' },
      video: { discard: true },
      showWarnings: false,
    });
    if (!conversion.isValid) return file;
    await conversion.execute();
  } catch {
    return file;
  } finally {
    input.dispose();
  }
  return target.buffer ? new Blob([target.buffer]) : file;
}
