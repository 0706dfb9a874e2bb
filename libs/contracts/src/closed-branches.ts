import { Refusal } from '@readership/kernel';

/** The refusal of what happened at a branch after its last day, `2024-03-31`. */
export function branchClosed(lastDay: string, pointer?: string): Refusal {
  return new Refusal(
    'BRANCH_CLOSED',
    'invalid',
    `This branch closed: its last day was ${lastDay}. Name another branch, or correct the date if this happened by then; an administrator can reopen the branch.`,
    pointer,
  );
}
