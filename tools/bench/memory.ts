// Peak memory and cost per event of a whole Readership process that takes N interactions by HTTP in batches of 2,000,
// and then rebuilds all figures for another policy. The process is measured from outside (VmHWM). N defaults to
// 1,000,000, with N ÷ 20 readers.
// usage: node tools/dist/bench/memory.js [N]
import { measureWholeProcess } from './whole-process.js';

await measureWholeProcess(Number(process.argv[2] ?? 1_000_000), console.log);
