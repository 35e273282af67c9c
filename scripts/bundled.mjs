/** The packages whose code a build carries, read from esbuild's metafile: for their licences and for the audit. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** @returns {Record<string, string[]>} output file -> folders of the packages in it */
export function bundledPackages({ outputs }) {
  const found = {};
  for (const [file, { inputs }] of Object.entries(outputs)) {
    const folders = Object.keys(inputs).flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []);
    if (folders.length > 0) found[file] = [...new Set(folders)];
  }
  return found;
}

/**
 * Writes the licences of what each output carries into it, and the list to `${out}/bundled.json`.
 * @throws when a package has no licence to be found
 */
export function carryLicences(metafile, out) {
  const list = {};
  for (const [file, folders] of Object.entries(bundledPackages(metafile))) {
    if (!file.endsWith('.js')) continue;
    const notices = folders.map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      list[name] = version;
      return `${name} ${version} (${license})\n\n${licenceText(folder)}`;
    });
    const notice = `/*! This file carries:\n\n${notices.join('\n\n').replaceAll('*/', '* /')}\n*/\n`;
    const text = readFileSync(file, 'utf8');
    // The map's address stays the last line.
    const end = text.lastIndexOf('//# sourceMappingURL=');
    writeFileSync(file, end < 0 ? text + notice : text.slice(0, end) + notice + text.slice(end));
  }
  writeFileSync(`${out}/bundled.json`, `${JSON.stringify(list, null, 2)}\n`);
}

function licenceText(folder) {
  const name = existsSync(folder) && readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
  if (!name) throw new Error(`${folder} has no licence to carry`);
  return readFileSync(`${folder}/${name}`, 'utf8').trim();
}
