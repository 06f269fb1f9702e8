/** Files whose words are checked: everything but a few folders of `test/`, such as this one, which names the old words. */
const CHECKED = [/^README\.md$|^(docs|deploy|libs|apps)\//, /^test\/(bench|contract|crash|deploy|e2e|support)\//];

/** Words of this code base's old dialect, with the field's own terms. */
const DIALECT: readonly (readonly [words: RegExp, instead: string])[] = [
  // Also the stored name of the quarantine's column for the channel.
  [/(?<!name: '|column )\bdoors?\b(?! text)/gi, 'endpoint, HTTP API, Kafka consumer'],
  [/\btroubles?\b/gi, 'error, failure, outage'],
  [/\b(told|tells)\b/gi, 'reports, returns, notifies, publishes'],
  [/\bseats?\b/gi, 'ownership, lease'],
  [/\b(beg[iau]n|begins|beginning) again\b/gi, 'restart, retry'],
  [/\b(given|tried) again\b/gi, 'retry, repeat'],
  [/\binto words\b/gi, 'serialize'],
  [/\bpass(es)? by (itself|themselves)\b|\bwhat passes\b|\bpassing trouble\b/gi, 'transient error'],
  [/\b(mend(s|ed|ing)?|cures?|cured)\b/gi, 'fix, remedy'],
  [/\bwhoever\b/gi, 'the caller, the reader, anyone who'],
  [/\bcondemned\b/gi, 'pending deactivation'],
  [/\bso already\b/gi, 'no-op'],
  [/(?<!--)\bquiet\b/gi, 'no-op'],
  // `follower` stays the name of a stored column.
  [
    /(?<![.(`]|SELECT |DISTINCT |AS |WHERE |BY |OR |\{ )\bfollowers?\b(?! text| =|, lane|: '| FROM| LIKE)|\breaction\b/gi,
    'consumer, reactor',
  ],
  [/\bsealed\b(?!:)/gi, 'encrypted'],
  [/\bstands? (at|in|on|there|where|still)\b|\bstood\b/gi, 'is, is stored at'],
  [/\blet in\b/gi, 'admitted, onboarded'],
  [/\ba whole number\b/gi, 'an integer'],
  [/\ba text\b/gi, 'a string'],
  [/\btakes a free one\b/gi, 'picks a free port'],
];

/** Words of the old dialect in a checked file, each with its line and the terms to use. */
export function dialectIn({ path, text }: { path: string; text: string }): string[] {
  if (!CHECKED.some((files) => files.test(path))) return [];
  return DIALECT.flatMap(([words, instead]) =>
    [...text.matchAll(words)].map(
      ({ 0: found, index }) => `line ${text.slice(0, index).split('\n').length}: "${found}", write ${instead}`,
    ),
  );
}
