/** What --help says; docs/command-line.md says it at length. */
import { RAW_FORMATS } from './raw';
import { MAX_FILE_RATE, MIN_FILE_RATE } from './wav-header';

export const HELP = `Removes noise from speech in WAV files, folders of them, and pipes.

  percepnet-wasm denoise [options] <in.wav> <out.wav>
  percepnet-wasm denoise [options] <file, folder or pattern>... <out folder>

The output has the length, sample rate (${MIN_FILE_RATE / 1000} to ${MAX_FILE_RATE / 1000} kHz), channels and sample format of the input. Either may be a pipe or a device, and
- is standard input or output. In a folder every .wav is taken, at any depth, and keeps its place; a file that cannot be read is
reported, the others are written, and the exit status is 1. Patterns know * ? [abc] {a,b} and, for folders at any depth, **.

  --strength S   0 leaves the sound as it is, 1 removes as much as possible (default 1)
  --model NAME   lite (default), full (1.1 MB, 1.6 times the work), or a file of your own (.safetensors)
  --jobs N, -j   threads: files at the same time (default: as many as there are cores)
  --split        a long file too in parts, a thread each; equal to 40 dB and more, not bit for bit
  --json         a summary as JSON in place of text
  --progress     show progress even where standard error is no terminal
  --quiet        print errors only
  --version
  --help, -h

Samples without a header, in and out (in folders: .raw):

  --format F     ${RAW_FORMATS.slice(0, 7).join(', ')},
                 ${RAW_FORMATS.slice(7).join(', ')}
  --rate N       samples a second and channel
  --channels N   interleaved (default 1)

Examples:

  percepnet-wasm denoise call.wav clean.wav
  percepnet-wasm denoise --strength 0.9 recordings/ cleaned/
  percepnet-wasm denoise 'takes/**/voice*.wav' intro.wav cleaned/
  arecord -t raw -f S16_LE -r 16000 | percepnet-wasm denoise --format s16le --rate 16000 - - | aplay -t raw -f S16_LE -r 16000
  ffmpeg -v error -i talk.mp3 -f wav - | percepnet-wasm denoise - - | ffmpeg -v error -i - talk.opus

Exit status: 0 all done, 1 a file or more failed, 2 wrong usage.

For web apps:

  percepnet-wasm copy-assets [--full] <folder>

copies worklet, cores and network to a folder that the app serves, and prints the assets option to paste. --full takes the larger
network too.
`;
