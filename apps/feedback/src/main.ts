import { FeedbackModule } from '@readership/feedback';
import { clusterAdapters } from '@readership/cluster';
import { runService } from '@readership/host';

await runService('feedback', FeedbackModule, clusterAdapters);
