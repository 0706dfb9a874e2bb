import { AnalyticsModule } from '@readership/analytics';
import { clusterAdapters } from '@readership/cluster';
import { runService } from '@readership/host';

await runService('analytics', AnalyticsModule, clusterAdapters);
