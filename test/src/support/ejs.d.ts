/** The template engine, as far as Express asks for it. */
declare module 'ejs' {
  const ejs: {
    renderFile(path: string, locals: object, done: (error: unknown, rendered?: string) => void): void;
  };
  export default ejs;
}
