export type Standing = { onboarded: boolean };

export const standing: Standing = { onboarded: true };
