/** The template engine, as far as Express and fragments ask for it. */
declare module 'ejs' {
  const ejs: {
    renderFile(path: string, locals: object, done: (error: unknown, rendered?: string) => void): void;
    renderFile(path: string, locals: object, options: object): Promise<string>;
  };
  export default ejs;
}
