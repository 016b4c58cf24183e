/** Template engines without types of their own, as far as fragments ask for them. */
declare module 'nunjucks' {
  interface Environment {
    readonly loaders: readonly object[];
    render(name: string, context?: object, callback?: (error: unknown, rendered: string | null) => void): string | null;
    getTemplate(name: string, eagerCompile?: boolean): object;
    addExtension(name: string, extension: object): Environment;
    getFilter(name: string): (...args: never[]) => unknown;
    addFilter(name: string, filter: (...args: never[]) => void, isAsync: boolean): Environment;
  }
  const nunjucks: { configure(views: string | readonly string[], options?: object): Environment };
  export default nunjucks;
}

declare module 'pug' {
  const pug: { compileFile(path: string, options: object): (locals: object) => string };
  export default pug;
}
