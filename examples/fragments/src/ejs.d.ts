/** EJS, which has no types of its own, as far as fragments ask for it. */
declare module 'ejs' {
  const ejs: { renderFile(path: string, data: object, options: object): Promise<string> };
  export default ejs;
}
