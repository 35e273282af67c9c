/** Only those that tests read. */
export function coreSizes(): { readonly [name: string]: number };
