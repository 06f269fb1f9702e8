export const accountEvents = ['AccountOnboarded'];
