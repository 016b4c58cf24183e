// What fragments about NestJS may use without saying where it comes from.

declare class User {
  constructor(id: number);
  readonly id: number;
  readonly name: string;
  readonly country: string;
}

declare class UsersTable {
  findOne(id: number): Promise<User>;
  findMany(where: { country: string }): Promise<User[]>;
  update(id: number, change: { name: string }): Promise<User>;
  save(user: User): Promise<User>;
  delete(id: number): Promise<void>;
}

declare class City {
  readonly name: string;
}

declare class Cities {
  find(id: string): Promise<City>;
  save(id: string, city: City): Promise<void>;
}
