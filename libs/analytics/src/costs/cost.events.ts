import type { FactData } from '@readership/contracts';
import type { Event } from '@readership/kernel';

export type CostStated = Event<'CostStated', FactData<'CostStated'>>;
export type CostEvent = CostStated;
