import type { CommandGroup } from '../libs/cli/commands.js';
import type { Context } from '../libs/context/context.js';

/**
 * A context's descriptor and commands, each loaded only if needed: the descriptor loads the framework, which would delay
 * every command of the command line, and the commands load what only the command line needs.
 */
export interface ListedContext {
  descriptor?(): Promise<Context>;
  cli?(): Promise<{ commands: CommandGroup }>;
}

const foundations = () => import('./composition/foundations.js');

/** Every context, in the order of the API's documents. A new one needs its line here and nothing else outside its folder. */
export const contexts: readonly ListedContext[] = [
  {
    descriptor: async () => (await import('../libs/access/index.js')).accessContext,
    cli: () => import('../libs/access/cli.js'),
  },
  {
    descriptor: async () => (await foundations()).exchangeOfEvents,
    cli: () => import('../libs/publish/cli.js'),
  },
  { cli: () => import('../libs/ingest/cli.js') },
  {
    descriptor: async () => (await import('../libs/waitlist/index.js')).waitlistContext,
    cli: () => import('../libs/waitlist/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/rollout/index.js')).rolloutContext,
    cli: () => import('../libs/rollout/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/switches/index.js')).switchesContext,
    cli: () => import('../libs/switches/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/image-rules/index.js')).imageRulesContext,
    cli: () => import('../libs/image-rules/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/policy/index.js')).policyContext,
    cli: () => import('../libs/policy/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/account/index.js')).accountContext,
    cli: () => import('../libs/account/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/images/index.js')).imagesContext,
    cli: () => import('../libs/images/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/review/index.js')).reviewContext,
    cli: () => import('../libs/review/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/enforcement/index.js')).enforcementContext,
    cli: () => import('../libs/enforcement/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/preservation/index.js')).preservationContext,
    cli: () => import('../libs/preservation/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/erasure/index.js')).erasureContext,
    cli: () => import('../libs/erasure/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/appeals/index.js')).appealsContext,
    cli: () => import('../libs/appeals/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/notices/index.js')).noticesContext,
    cli: () => import('../libs/notices/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/safety/index.js')).safetyContext,
    cli: () => import('../libs/safety/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/authorities/index.js')).authoritiesContext,
    cli: () => import('../libs/authorities/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/regulation/index.js')).regulationContext,
    cli: () => import('../libs/regulation/cli.js'),
  },
  { descriptor: async () => (await import('../libs/audit/index.js')).auditContext },
  {
    descriptor: async () => (await import('../libs/proof/index.js')).proofContext,
    cli: () => import('../libs/proof/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/exports/index.js')).exportsContext,
    cli: () => import('../libs/exports/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/reports/index.js')).reportsContext,
    cli: () => import('../libs/reports/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/history/index.js')).historyContext,
    cli: () => import('../libs/history/cli.js'),
  },
  {
    descriptor: async () => (await import('../libs/operations/index.js')).operationsContext,
    cli: () => import('../libs/operations/cli.js'),
  },
  { descriptor: async () => (await foundations()).platform },
];

/** Loads in sequence, since contexts import one another and a module loader loads one module at a time. */
export async function descriptorsOf(listed: readonly ListedContext[]): Promise<Context[]> {
  const descriptors: Context[] = [];
  for (const { descriptor } of listed) if (descriptor) descriptors.push(await descriptor());
  return descriptors;
}

export async function commandsOf(listed: readonly ListedContext[]): Promise<CommandGroup[]> {
  const groups: CommandGroup[] = [];
  for (const { cli } of listed) if (cli) groups.push((await cli()).commands);
  return groups;
}
