import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { cachePage } from '@viewcache/express';
import { watchMongoose } from '@viewcache/orm/mongoose';
import express from 'express';
import mongoose, { Schema } from 'mongoose';

// All there is about caching: this line, and `cachePage()` below. What it prints says what each write has dropped.
const watch = watchMongoose(mongoose, { log: (line) => console.log(line) });

// Transactions need a member of a replica set: `mongod --replSet rs0`, and once `rs.initiate()`.
const url = process.env['MONGO_URL'] || 'mongodb://127.0.0.1:27017/viewcache?replicaSet=rs0';
await mongoose.connect(url, { serverSelectionTimeoutMS: 3_000 }).catch((error: Error) => {
  const where = process.env['MONGO_URL'] ? 'where MONGO_URL says' : 'on this machine';
  console.error(`No MongoDB of a replica set ${where}: ${error.message}. README.md says how to start one.`);
  process.exit(1);
});

const Author = mongoose.model('Author', new Schema({ _id: Number, name: String }));
const Book = mongoose.model(
  'Book',
  new Schema({ _id: Number, title: String, copies: Number, author: refersTo('Author') }),
);
const Sale = mongoose.model('Sale', new Schema({ book: refersTo('Book'), at: { type: Date, default: Date.now } }));

function refersTo(ref: string) {
  return { type: Number, ref };
}

for (const model of [Author, Book, Sale]) await model.deleteMany();
await Author.insertMany([
  { _id: 1, name: 'Ursula K. Le Guin' },
  { _id: 2, name: 'Stanisław Lem' },
]);
await Book.insertMany([
  { _id: 1, title: 'The Dispossessed', copies: 1, author: 1 },
  { _id: 2, title: 'Solaris', copies: 5, author: 2 },
]);

const app = express();
app.use(express.json(), cachePage('10m'));

// Depends on all books, and on the authors that it shows.
app.get('/books', async (_req, res) => {
  res.json(await Book.find().populate('author'));
});

// Depends on one book, and on its author.
app.get('/books/:id', async (req, res) => {
  const book = await Book.findById(req.params.id).populate('author');
  if (book) res.json(book);
  else res.sendStatus(404); // not stored
});

app.get('/sales', async (_req, res) => {
  res.json({ sold: await Sale.countDocuments() });
});

app.put('/authors/:id', async (req, res) => {
  const author = await Author.findByIdAndUpdate(req.params.id, { name: String(req.body.name) });
  res.sendStatus(author ? 204 : 404);
});

// Both or neither: where no copy is left nothing is written, and nothing is dropped.
app.post('/books/:id/sales', async (req, res) => {
  const sold = mongoose.connection.transaction(async (session) => {
    const one = { $inc: { copies: -1 } };
    const book = await Book.findByIdAndUpdate(req.params.id, one, { session, returnDocument: 'after' }).orFail();
    await Sale.create([{ book: book._id }], { session });
    if ((book.copies ?? 0) < 0) throw new RangeError('sold out');
  });
  const status = await sold.then(
    () => 201,
    (error: unknown) => (error instanceof RangeError ? 409 : 500),
  );
  res.sendStatus(status);
});

const server = app.listen(Number(process.env['PORT'] || 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`Books on http://127.0.0.1:${(server.address() as AddressInfo).port}/books; Ctrl-C ends it.`);

process.once('SIGINT', async () => {
  server.close();
  watch();
  await mongoose.disconnect();
});
