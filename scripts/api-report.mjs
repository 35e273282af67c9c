/**
 * npm run api: writes what each entry exports, with its types, to api/NAME.api.md. A change there is a change of the public
 * interface, to be seen in review; test/package checks that the files are up to date.
 * Options: --types=DIR takes the declarations of a build elsewhere, --out=DIR writes elsewhere.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import extractor from '@microsoft/api-extractor';

const { Extractor, ExtractorConfig } = extractor;

const ENTRIES = ['index', 'offline', 'inline', 'livekit', 'chime', 'full'];

const { values: options } = parseArgs({
  options: {
    types: { type: 'string', default: 'dist/types' },
    out: { type: 'string', default: 'api' },
  },
});
const temporary = mkdtempSync(join(tmpdir(), 'api-'));
mkdirSync(options.out, { recursive: true });
try {
  for (const entry of ENTRIES) report(entry);
} finally {
  rmSync(temporary, { recursive: true });
}

function report(entry) {
  const quiet = { default: { logLevel: 'none' } };
  const configuration = ExtractorConfig.prepare({
    configObject: {
      projectFolder: process.cwd(),
      mainEntryPointFilePath: resolve(options.types, `src/${entry}.d.ts`),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            module: 'ESNext',
            moduleResolution: 'bundler',
            lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
            strict: true,
            skipLibCheck: true,
            types: [],
          },
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: resolve(options.out),
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  });
  const { succeeded, errorCount } = Extractor.invoke(configuration, {
    localBuild: true,
    showVerboseMessages: false,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error';
    },
  });
  if (!succeeded && errorCount > 0) throw new Error(`no report of ${entry}: ${errorCount} errors`);
}
