import { readFileSync } from 'node:fs';
import type { Settings } from '../../platform/configuration/settings.js';
import { StartFailure } from '../../platform/start-failure.js';
import { parsePolicy, type TrustPolicy } from '../tlog/trust-policy.js';

/**
 * The policy that names the witnesses of this log; undefined if none is set.
 * @throws StartFailure
 */
export function configuredPolicy({
  proofPolicyFile: file,
}: Pick<Settings, 'proofPolicyFile'>): TrustPolicy | undefined {
  if (file === undefined) return undefined;
  try {
    const policy = parsePolicy(readFileSync(file, 'utf8'));
    const wrong = policy.witnesses.find(({ url }) => url !== undefined && !isWebUrl(url));
    if (wrong) throw new Error(`the witness ${wrong.name} has ${wrong.url}, which is no HTTP URL`);
    return policy;
  } catch (error) {
    const what = `GATEHOUSE_PROOF_POLICY_FILE is ${file}, which can't be used (${(error as Error).message})`;
    throw new StartFailure('proof-policy-invalid', `${what}: correct the file, or unset the setting`);
  }
}

const isWebUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
