/** For types alone: `using` is newer than the `lib` and the TypeScript of many apps, whose own declaration this is where they have one. */
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

export {};
