/** Questions on their way to the audio thread and back. */
import { expect, test } from 'vitest';
import { type ProcessorStats, StatsQuestions } from '../../../src/graph/node-stats';

const stats = (framesProcessed: number): ProcessorStats => ({ framesProcessed }) as ProcessorStats;

test('each answer goes to its question, in whatever order they come', async () => {
  const questions = new StatsQuestions();
  const ids: number[] = [];
  const asked = [1, 2, 3].map(() => questions.ask((id) => ids.push(id)));
  expect(new Set(ids).size).toBe(3);
  for (const which of [2, 0, 1]) questions.answer(ids[which]!, stats(which));
  expect(await Promise.all(asked)).toEqual([0, 1, 2].map(stats));
});

test('an answer that nobody asked for, or the second to one question, is nothing', async () => {
  const questions = new StatsQuestions();
  let id = 0;
  const asked = questions.ask((own) => {
    id = own;
  });
  questions.answer(id + 1, stats(9));
  questions.answer(id, stats(1));
  questions.answer(id, stats(2));
  expect(await asked).toEqual(stats(1));
});

test('where nobody is left to answer, all who wait are told, and those of before are not', async () => {
  const questions = new StatsQuestions();
  let first = 0;
  const answered = questions.ask((id) => {
    first = id;
  });
  questions.answer(first, stats(1));
  const open = [questions.ask(() => {}), questions.ask(() => {})].map((asked) => asked.catch((error) => error));
  questions.refuse('over');
  expect(await Promise.all([answered, ...open])).toEqual([stats(1), 'over', 'over']);
});
