import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { classNamed, classOfPrototype, type RegisterClassOptions, registerClass } from './registered-classes.js';

class Invoice {}

describe('registerClass', () => {
  it('takes the name of the class, or one that is given', () => {
    class Named {}
    registerClass(Invoice);
    registerClass(Named, { name: 'billing.Named' });
    expect(classNamed('Invoice')?.prototype).toBe(Invoice.prototype);
    expect(classNamed('billing.Named')?.prototype).toBe(Named.prototype);
    expect(classNamed('Named')).toBeUndefined();
  });

  it('changes nothing when it is called again, and takes the later encode and decode', () => {
    class Again {}
    registerClass(Again);
    registerClass(Again);
    const again = new Again();
    registerClass(Again, { encode: () => 1, decode: () => again });
    expect(classOfPrototype(Again.prototype)?.ways?.decode(1)).toBe(again);
  });

  it('does not mean the subclasses', () => {
    class Sub extends Invoice {}
    expect(classOfPrototype(Sub.prototype)).toBeUndefined();
  });

  it('refuses a name that another class has, and a class that has another name', () => {
    const Other = { Invoice: class Invoice {} }.Invoice;
    registerClass(Invoice);
    expect(() => registerClass(Other)).toThrow(
      "registerClass.name: 'Invoice' is the name of another class; use another name",
    );
    expect(() => registerClass(Invoice, { name: 'Bill' })).toThrow(
      "registerClass.name: 'Bill' is not what the class is stored under; use 'Invoice'",
    );
    expect(classNamed('Invoice')?.prototype).toBe(Invoice.prototype);
    expect(classNamed('Bill')).toBeUndefined();
  });

  it.each<[string, unknown, unknown, string]>([
    ['no class', {}, {}, 'registerClass'],
    ['a function without a prototype', () => {}, {}, 'registerClass'],
    ['Object', Object, {}, 'registerClass'],
    ['a class with no name', class {}, {}, 'registerClass.name'],
    ['an empty name', Invoice, { name: '' }, 'registerClass.name'],
    ['encode alone', Invoice, { encode: () => 1 }, 'registerClass.decode'],
    ['decode alone', Invoice, { decode: () => 1 }, 'registerClass.encode'],
    ['what is no function', Invoice, { encode: 1, decode: () => 1 }, 'registerClass.encode'],
    ['a setting that it does not have', Invoice, { encoder: 1 }, 'registerClass.encoder'],
    ['a class that everybody has', Map, {}, 'registerClass'],
  ])('throws a ConfigError that names the setting: %s', (_, Class, options, setting) => {
    const register = () => registerClass(Class as typeof Invoice, options as RegisterClassOptions<Invoice>);
    expect(register).toThrow(ConfigError);
    expect(register).toThrow(expect.objectContaining({ setting }));
  });

  it('is known to another copy of the package', async () => {
    registerClass(Invoice);
    const url = './registered-classes.js?another-copy';
    const other = (await import(url)) as { classNamed: typeof classNamed; registerClass: typeof registerClass };
    expect(other.registerClass).not.toBe(registerClass);
    expect(other.classNamed('Invoice')?.prototype).toBe(Invoice.prototype);
  });
});
