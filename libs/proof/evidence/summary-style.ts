/** The style sheet of the page about a bundle. System fonts and no image: nothing is fetched. */
export const summaryStyle = `
:root{color-scheme:light dark;--bg:#fff;--soft:#f4f6f8;--line:#d9dee5;--ink:#1a212c;--dim:#566070;--good:#17653f;--note:#7a4b00}
@media (prefers-color-scheme:dark){:root{--bg:#12161d;--soft:#1a202a;--line:#323c4a;--ink:#e4e9f0;--dim:#9aa6b6;--good:#79d7a9;
--note:#e8bd75}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:60rem;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
h3{font-size:1rem;margin:0}
p,li{margin:.4rem 0}.dim{color:var(--dim)}
.proved h2{color:var(--good)}.unproved h2{color:var(--note)}
article{margin:1rem 0;padding:.85rem 1.1rem;border:1px solid var(--line);border-radius:.5rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1rem;margin:.5rem 0;font-size:.92rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.85rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);border-radius:.3rem}
code{padding:.08em .3em;overflow-wrap:anywhere}
pre{padding:.7rem .9rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}
summary{cursor:pointer;padding:.15rem 0}
summary:focus-visible{outline:2px solid currentColor;outline-offset:2px}
@media (max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.35rem}}
@media print{body{max-width:none;padding:0}article{break-inside:avoid}}
`;
