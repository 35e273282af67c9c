/** A reporter of vitest that leaves to scripts/ci-tests.mjs, in the file TEST_REPORT names, what its own JSON does not tell: reasons. */
import { writeFileSync } from 'node:fs';

export default class {
  onTestRunEnd(modules, unhandled, outcome) {
    const report = {
      outcome,
      unhandled: unhandled.map(({ name, message }) => `${name}: ${message}`),
      broken: modules.filter((module) => brokenAsAWhole(module)).map(({ relativeModuleId }) => relativeModuleId),
      tests: modules.flatMap((module) => [...module.children.allTests()].map((test) => describe(module, test))),
    };
    writeFileSync(process.env.TEST_REPORT, JSON.stringify(report));
  }
}

/** A file that could not be loaded, or a hook of it that failed: no test of it tells. */
function brokenAsAWhole(module) {
  return (
    module.state() !== 'passed' && module.state() !== 'skipped' && [...module.children.allTests('failed')].length === 0
  );
}

function describe(module, test) {
  const { state, note } = test.result();
  // What is skipped before it runs has no note but its title, or that of its group.
  const reason = note ?? /\(skipped: (.*?)\)/.exec(test.fullName)?.[1] ?? '';
  return {
    file: module.relativeModuleId,
    name: test.fullName,
    state: test.options.mode === 'todo' ? 'todo' : state,
    reason,
  };
}
