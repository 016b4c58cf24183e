import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, kindOf } from '../base/answer.js';
import { coarsenTags, isTag } from '../invalidation/tags.js';
import type { Refusal } from '../ports/event-sink.js';
import type { JudgedRun } from './judged-run.js';
import { warnOfOption } from './option-warning.js';

/** Those to store it under: within the limit, coarsened to their groups where there are more. */
export function tagsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  run: JudgedRun<Req, Res>,
): readonly string[] | Refusal {
  const declared = declaredTags(run);
  if (declared === undefined) return 'tag';
  if (declared.length === 0) return declared;
  return coarsenTags(new Set(declared), run.policy.maxTags) ?? 'too-many-tags';
}

/** What the `tags` function names; `undefined` with a warning where it named nothing that can be tags. */
function named(tags: () => unknown, tell: (what: string) => void): readonly string[] | undefined {
  const warn = (why: string) => tell(`${why}, nothing was stored`);
  let hasFailed = false;
  const own = answerOf(tags, (why) => {
    hasFailed = true;
    warn(why);
  });
  if (hasFailed) return undefined;
  // A string would be taken for its letters; and a hole is no tag, though `every` would pass over it.
  if (!Array.isArray(own)) warn(`returned ${kindOf(own)} rather than a list`);
  else if (![...own].every(isTag)) warn('returned a list of what cannot be tags');
  else return own;
  return undefined;
}

/** The tags that the option and the view have named so far, as they were named; `undefined` when one cannot be a tag. */
export function declaredTags<Req extends IncomingMessage, Res extends ServerResponse>(
  run: JudgedRun<Req, Res>,
): readonly string[] | undefined {
  const { policy, req, res, context } = run;
  const { tags } = policy;
  const tell = (what: string) => warnOfOption(run, req, 'tags', what);
  const own = typeof tags === 'function' ? named(() => tags(req, res), tell) : tags;
  if (own === undefined) return undefined;
  return context === undefined || context.tags.size === 0 ? own : [...context.tags, ...own];
}
