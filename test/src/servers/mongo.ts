import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { type Document, ObjectId } from 'bson';
import { MongoCommands } from './mongo-commands.js';
import { type MongoData, Refusal } from './mongo-data.js';
import { answer, type Message, MessageReader } from './mongo-wire.js';

/** What is to go wrong with commands of some names, once. */
export interface Fault {
  readonly command: string;
  /** The connection goes instead of an answer; `after`: when the command has been carried out. */
  readonly drops?: 'before' | 'after';
  /** Refused with this code. */
  readonly code?: number;
  readonly labels?: readonly string[];
  /** The answer comes when this resolves. */
  readonly until?: Promise<unknown>;
}

const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify', 'bulkWrite']);

interface Transaction {
  readonly data: MongoData;
  /** To be carried out for everybody when it commits. */
  readonly writes: [string, Document][];
}

/** Stands in for MongoDB where there is none: one member of a replica set that speaks its protocol, with nothing in it. */
export class MongoServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #commands = new MongoCommands();
  readonly #transactions = new Map<string, Transaction>();
  readonly #faults: Fault[] = [];
  /** The names of the commands that came, in order. */
  readonly seen: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const reader = new MessageReader();
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        for (const message of reader.read(chunk)) void this.#answer(socket, message);
      });
    });
  }

  static async start(): Promise<MongoServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new MongoServer(server);
  }

  get #address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `mongodb://${this.#address}/?replicaSet=rs0`;
  }

  /** Has the next command of this name go wrong. */
  fail(fault: Fault): void {
    this.#faults.push(fault);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #answer(socket: Socket, message: Message): Promise<void> {
    const [name = ''] = Object.keys(message.command);
    this.seen.push(name);
    const at = this.#faults.findIndex(({ command }) => command === name);
    const [fault] = at < 0 ? [] : this.#faults.splice(at, 1);
    if (fault?.drops === 'before') return void socket.destroy();
    const reply = fault?.code === undefined ? this.#run(name, message.command) : refusal(fault.code, fault.labels);
    await fault?.until;
    if (fault?.drops === 'after') socket.destroy();
    else if (!message.isSilent && !socket.destroyed) socket.write(answer(message, reply));
  }

  #run(name: string, command: Document): Document {
    try {
      return { ...this.#reply(name, command), ok: 1 };
    } catch (error) {
      const { code, codeName } = error instanceof Refusal ? error : { code: 8, codeName: 'UnknownError' };
      return { ok: 0, code, codeName, errmsg: error instanceof Error ? error.message : String(error) };
    }
  }

  #reply(name: string, command: Document): Document {
    if (name === 'hello' || name.toLowerCase() === 'ismaster') return this.#hello();
    const id = `${command['lsid']?.id.toString('hex')}:${command['txnNumber']}`;
    if (command['autocommit'] !== false) return this.#commands.run(name, command, this.#commands.data);
    if (command['startTransaction'] === true)
      this.#transactions.set(id, { data: this.#commands.data.copy(), writes: [] });
    const open = this.#transactions.get(id);
    if (name === 'commitTransaction' || name === 'abortTransaction') {
      this.#transactions.delete(id);
      if (open === undefined && name === 'abortTransaction') throw noTransaction();
      if (name === 'commitTransaction')
        for (const [each, write] of open?.writes ?? []) this.#commands.run(each, write, this.#commands.data);
      return {};
    }
    if (open === undefined) throw noTransaction();
    if (WRITES.has(name)) open.writes.push([name, command]);
    return this.#commands.run(name, command, open.data);
  }

  #hello(): Document {
    const me = this.#address;
    const sizes = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };
    const versions = { minWireVersion: 0, maxWireVersion: 25, logicalSessionTimeoutMinutes: 30 };
    const set = {
      setName: 'rs0',
      hosts: [me],
      primary: me,
      me,
      setVersion: 1,
      electionId: new ObjectId('7'.padEnd(24, '0')),
    };
    return { isWritablePrimary: true, ismaster: true, helloOk: true, ...sizes, ...versions, ...set };
  }
}

function noTransaction(): Refusal {
  return new Refusal(251, 'NoSuchTransaction', 'no such transaction');
}

function refusal(code: number, errorLabels: readonly string[] = []): Document {
  return { ok: 0, code, codeName: 'Refused', errmsg: `refused with ${code}`, errorLabels };
}
