/** Of what `prisma generate` writes, as much as samples use. */
interface Model<Row> {
  findUnique(args: { where: Partial<Row> }): Promise<Row | null>;
  findMany(args?: { where?: Partial<Row>; include?: object }): Promise<Row[]>;
  update(args: { where: Partial<Row>; data: Partial<Row> }): Promise<Row>;
}

interface Calls {
  readonly user: Model<{ id: number; name: string }>;
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>;
}

export declare class PrismaClient implements Calls {
  constructor(options: { readonly adapter: object });
  readonly user: Calls['user'];
  $executeRaw: Calls['$executeRaw'];
  $transaction<T>(work: (tx: Calls) => Promise<T>): Promise<T>;
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}
