/** Two versions at a time, without their names: which is preferred, and what comes of it. */

export type Answer = 'a' | 'b' | 'none';

export interface Standing<Name extends string> {
  readonly name: Name;
  /** One for each time it was preferred, a half where there was no difference. */
  readonly points: number;
  /** Pairs it was in. */
  readonly pairs: number;
}

/** Each pair of versions once, in an order and on sides that chance decides. */
export class BlindTest<Name extends string> {
  readonly pairs: readonly (readonly [Name, Name])[];
  private readonly answers: Answer[] = [];

  /** @param random 0 to 1, without 1 */
  constructor(
    private readonly names: readonly Name[],
    random: () => number = Math.random,
  ) {
    const pairs = names.flatMap((one, i) => names.slice(i + 1).map((other) => [one, other] as const));
    this.pairs = shuffled(pairs, random).map(([one, other]) => (random() < 0.5 ? [one, other] : [other, one]));
  }

  /** Counts from 0; as many as there are pairs when it is over. */
  get round(): number {
    return this.answers.length;
  }

  /** What is heard as A and as B now. */
  get pair(): readonly [Name, Name] | undefined {
    return this.pairs[this.round];
  }

  answer(answer: Answer): void {
    if (this.pair) this.answers.push(answer);
  }

  /** The most preferred first. */
  get standings(): Standing<Name>[] {
    const standings = this.names.map((name) => {
      const mine = this.answers.map((answer, i) => this.pointsOf(name, i, answer)).filter((points) => points !== null);
      return { name, points: mine.reduce((sum, points) => sum + points, 0), pairs: mine.length };
    });
    return standings.sort((a, b) => share(b) - share(a));
  }

  /** Those that nobody is before; empty before the first answer. */
  get preferred(): Name[] {
    const [best] = this.standings;
    if (!best || best.pairs === 0) return [];
    return this.standings.filter((one) => share(one) === share(best)).map(({ name }) => name);
  }

  /** Null where the version was not in the pair. */
  private pointsOf(name: Name, round: number, answer: Answer): number | null {
    const side = this.pairs[round]!.indexOf(name);
    if (side < 0) return null;
    if (answer === 'none') return 0.5;
    return (answer === 'a') === (side === 0) ? 1 : 0;
  }
}

function share({ points, pairs }: Standing<string>): number {
  return pairs === 0 ? 0 : points / pairs;
}

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
