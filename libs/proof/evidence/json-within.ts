/** Levels of lists and objects. The log takes 100; earlier releases took more, but never that many. */
const MAX_DEPTH = 1_000;

/** The value of a JSON text; undefined if it is none, or nested so deeply that walking through it would crash. */
export function jsonWithin(text: string): unknown {
  if (depthOf(text) > MAX_DEPTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function depthOf(text: string): number {
  let [depth, deepest, isInText] = [0, 0, false];
  for (let n = 0; n < text.length; n++) {
    const character = text[n];
    if (isInText && character === '\\') n++;
    else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}
