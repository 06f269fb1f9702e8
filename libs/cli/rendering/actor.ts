/** As `user:olga as operator`. */
export const actorText = ({ kind, id, role }: { kind: string; id: string; role?: string }): string =>
  role === undefined ? `${kind}:${id}` : `${kind}:${id} as ${role}`;
