/** Of Node.js, whose types leave it to those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };
