/** The style of the response page. It is a separate resource, because the page allows no inline style. */
export const responsePageStyle = `:root {
  color-scheme: light dark;
  --ground: #f4f1ea; --sheet: #fffdf8; --ink: #1f2430; --quiet: #4d5566; --line: #767c8a;
  --accent: #1d4f91; --on-accent: #ffffff; --tint: #e4ecf7; --wrong: #a3161b; --wrong-tint: #fdeceb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14161b; --sheet: #1d2027; --ink: #f0eee8; --quiet: #bcc2cf; --line: #8d94a3;
    --accent: #9cc3f5; --on-accent: #10203a; --tint: #26344b; --wrong: #ffb0aa; --wrong-tint: #40201f;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1.125rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  max-width: 44rem; margin: clamp(0rem, 5vw, 3rem) auto; padding: clamp(1.25rem, 5vw, 3rem);
  background: var(--sheet); border-top: 0.5rem solid var(--accent); border-radius: 0.5rem;
  box-shadow: 0 0.25rem 1.5rem rgb(0 0 0 / 12%); overflow-wrap: break-word;
}
h1 { margin: 0 0 1rem; font: 700 clamp(1.6rem, 5vw, 2.2rem)/1.25 Georgia, "Noto Serif", serif; }
h2 { margin: 0; font-size: 1.2rem; }
p { margin: 0 0 0.75rem; }
.note, .hint, .survey { color: var(--quiet); }
.note { padding-inline-start: 0.75rem; border-inline-start: 0.25rem solid var(--line); }
.question { margin: 2rem 0 0; padding: 0; border: 0; min-width: 0; }
.asks { display: block; padding: 0; font-weight: 700; font-size: 1.2rem; line-height: 1.4; }
.hint { margin: 0.25rem 0 0.75rem; font-size: 1rem; }
.scores { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.score {
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 0.25rem;
  min-width: 3rem; min-height: 4rem; padding: 0.4rem 0.6rem; cursor: pointer;
  border: 2px solid var(--line); border-radius: 0.5rem; font-variant-numeric: tabular-nums;
}
.score.none { flex-direction: row; gap: 0.5rem; color: var(--quiet); }
.score:hover { border-color: var(--accent); background: var(--tint); }
.score:has(:checked) { border-color: var(--accent); background: var(--tint); font-weight: 700; color: var(--ink); }
.score input { width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--accent); }
textarea {
  display: block; width: 100%; padding: 0.75rem; font: inherit; color: inherit; background: transparent;
  border: 2px solid var(--line); border-radius: 0.5rem; resize: vertical;
}
button {
  margin-top: 2rem; padding: 0.75rem 1.75rem; font: inherit; font-weight: 700; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 2px solid var(--accent); border-radius: 0.5rem;
}
button:hover { text-decoration: underline; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.score:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.score input:focus-visible { outline: none; }
.summary { margin: 0 0 1.5rem; padding: 1rem 1.25rem; border: 3px solid var(--wrong); border-radius: 0.5rem; background: var(--wrong-tint); }
.summary ul { margin: 0.5rem 0 0; padding-inline-start: 1.25rem; }
.summary a, .error { color: var(--wrong); }
.summary a { font-weight: 700; }
.faulty { padding-inline-start: 1rem; border-inline-start: 0.3rem solid var(--wrong); }
.faulty textarea { border-color: var(--wrong); }
@media (max-width: 30rem) {
  .scores.nps { display: grid; grid-template-columns: repeat(auto-fill, minmax(3rem, 1fr)); }
  .score.none { grid-column: 1 / -1; }
  button { width: 100%; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media (forced-colors: active) { .score:has(:checked) { outline: 3px solid Highlight; } }
@media print { body { background: none; } main { box-shadow: none; border: 0; } button { display: none; } }
`;
