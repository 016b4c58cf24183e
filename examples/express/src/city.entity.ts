import 'reflect-metadata'; // where the decorators leave what they say
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A city of the directory: one row of the table `city`. Each index serves one route. */
@Entity('city')
@Index(['country', 'population']) // /countries/:code/top and /countries/:code/stats
export class City {
  /** The GeoNames id. */
  @PrimaryColumn('integer')
  id!: number;

  @Column('text')
  name!: string;

  /** What a visitor types to find this city: see {@link searchNameOf}. */
  @Index() // /cities?q=
  @Column('text', { select: false })
  searchName!: string;

  /** ISO 3166-1 alpha-2, as in `FR`. */
  @Column('text')
  country!: string;

  @Column('text')
  region!: string;

  @Column('integer')
  population!: number;

  @Index() // /nearest
  @Column('real')
  latitude!: number;

  @Column('real')
  longitude!: number;
}

/** The name without accents and capitals, so that `sao p` finds São Paulo. */
export function searchNameOf(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase();
}
