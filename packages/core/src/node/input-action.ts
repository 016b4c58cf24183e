import type { InputRules } from '../config/input-options.js';
import { isComparable, isText, LANGUAGES, selectingNameOf } from '../engine/selecting-values.js';
import type { RequestFields } from '../engine/variants.js';
import { type DefaultAction, fieldAction } from './field-inputs.js';
import { isLocalised } from './inputs.js';

/** What an input that is a field of the request begins with. */
export const FIELD = 'header ';
const REQ = 'req.';

/** What becomes of a response whose handler has read an input outside the key. */
export function actionOn(input: string, { actions, mode }: InputRules, isTainted: boolean): DefaultAction {
  const said = actions.get(input);
  if (said === 'vary' || said === 'refuse' || said === 'ignore') return said;
  if (isTainted || mode === 'refuse') return 'refuse';
  if (input.startsWith(FIELD)) return fieldAction(input.slice(FIELD.length));
  return isLocalised(input) ? 'vary' : 'refuse';
}

/** Under which name an input selects; none where its value cannot be compared, or was not there before the view. */
export function selectingNameIn(input: string, { actions }: InputRules, fields: RequestFields): string | undefined {
  if (input.startsWith(FIELD)) {
    const name = input.slice(FIELD.length);
    return isText(fields.get(name)) ? name : undefined;
  }
  if (actions.get(input) === 'vary') {
    const name = selectingNameOf(input.slice(REQ.length));
    return isComparable(fields.get(name)) ? name : undefined;
  }
  return LANGUAGES.find((name) => fields.get(name) !== undefined && isComparable(fields.get(name)));
}

/** Whether nobody has named it: it may turn out to have a value for each visitor. */
export function isLearned(input: string, { actions }: InputRules): boolean {
  return input.startsWith(FIELD) && !actions.has(input);
}
