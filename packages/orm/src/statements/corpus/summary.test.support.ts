import type { Footprint, HeldColumn, ReadTable, TransactionVerb, WrittenTable } from '../footprint-types.js';

/**
 * Footprints in few words: `r` what is read, `w` what is written and how, with the columns that are held in square brackets,
 * those that are inserted in braces, those that are set in round ones; `?` for what was not understood.
 */
export function summary(footprints: readonly Footprint[]): string {
  return footprints.map(ofOne).join(' | ');
}

function ofOne(footprint: Footprint): string {
  const { reads, writes, transaction, commitsFirst, isOpaque, isUnderstood } = footprint;
  const words = [
    isUnderstood ? '' : '?',
    isOpaque ? 'opaque' : '',
    commitsFirst ? 'commits-first' : '',
    transaction === undefined ? '' : ofTransaction(transaction),
    ...writes.map((table) => `w:${ofWritten(table)}`),
    ...reads.map((table) => `r:${nameOf(table)}${listOf(table.held, '[]')}`),
  ].filter((word) => word !== '');
  return words.length === 0 ? 'nothing' : words.join(' ');
}

function ofTransaction(transaction: TransactionVerb): string {
  switch (transaction.verb) {
    case 'begin':
    case 'commit':
    case 'rollback':
      return `${transaction.verb}${transaction.chains ? '-and-chain' : ''}`;
    case 'autocommit':
      return `autocommit=${transaction.isOn}`;
    default:
      return `${transaction.verb}=${transaction.name}`;
  }
}

function ofWritten(table: WrittenTable): string {
  const { verb, held, inserted, columns, conflict, cascades } = table;
  const set = columns === undefined ? '(?)' : columns.length === 0 ? '' : `(${columns.join(',')})`;
  const by = conflict === undefined ? '' : `^${conflict.join(',')}`;
  const name = `${verb}=${nameOf(table)}${cascades ? '*' : ''}`;
  return `${name}${listOf(held, '[]')}${listOf(inserted, '{}')}${verb === 'ddl' || verb === 'truncate' ? '' : set}${by}`;
}

function nameOf({ table, schema }: ReadTable | WrittenTable): string {
  return schema === undefined ? table : `${schema}.${table}`;
}

function listOf(columns: readonly HeldColumn[], [open = '', close = '']: string): string {
  if (columns.length === 0) return '';
  const each = columns.map(({ column, values }) => `${column}=${values.map(ofOperand).join('/')}`);
  return `${open}${each.join(',')}${close}`;
}

function ofOperand(operand: HeldColumn['values'][number]): string {
  if (operand.kind === 'literal') return `'${operand.text}'`;
  return `${operand.isList ? 'any ' : ''}$${operand.at}`;
}
