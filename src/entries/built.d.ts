/** A file of the build as text, binary ones in base64; scripts/build.mjs puts it in. */
declare module 'built:*' {
  const text: string;
  export default text;
}
