import type { EventSink } from '../ports/event-sink.js';
import type { Finding } from '../telemetry/findings.js';

/** Where nobody reads a terminal, or each run would print the same. */
const SILENT: readonly (string | undefined)[] = ['production', 'test'];

/** Says in development what could be better, each finding once: one line, as a warning. */
export function adviceLine(advise: () => readonly Finding[], sink: Pick<EventSink, 'emit'>): () => void {
  /** Kinds and routes, which are bounded. */
  const told = new Set<string>();
  return () => {
    if (SILENT.includes(process.env['NODE_ENV'])) return;
    for (const finding of advise()) {
      const what = `${finding.docs} ${'route' in finding ? finding.route : ''}`;
      if (told.has(what)) continue;
      told.add(what);
      sink.emit({ type: 'warning', message: `${finding.message}; why: ${finding.docs}` });
    }
  };
}
