import { countWords } from '../gate/gate-words.js';

/** A change in plain words, without a subject. */
export const changeText = ({
  does,
  perWeek = 0,
  daily,
}: {
  does: string;
  perWeek?: number;
  daily?: boolean;
}): string => {
  if (does === 'pause') return 'pause onboarding';
  if (does === 'resume') return 'resume onboarding';
  return `set the rate to ${countWords(perWeek)} people a week${daily === undefined ? '' : daily ? ', daily' : ', not daily'}`;
};
