#include "debug/explain/page_style.h"

namespace dragoman::debug {

const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1f2328; --quiet: #636c76; --line: #d8dee4; --panel: #f6f8fa; --link: #0757ba; --bar: #d97a3c;
  --mark: #fff1c2; --m0: #d9dde2; --m1: #f5c08a; --m2: #a9d3f5; --m3: #b7e0b0; --m4: #e3c3f0; --m5: #f3bcbc; --m6: #e6dc9a;
  --mono: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --text: #d6dae0; --quiet: #929aa5; --line: #30363d; --panel: #1c2026; --link: #79b4ff; --bar: #c9702f;
    --mark: #4a3d0c; --m0: #3a4048; --m1: #7a4a1c; --m2: #234f75; --m3: #2d5a2b; --m4: #58386b; --m5: #6e3434; --m6: #5f561d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.6rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main, header { max-width: 100rem; margin: 0 auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 1.6rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; font-weight: 600; margin: 2.4rem 0 .6rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
p { margin: .3rem 0; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
.quiet { color: var(--quiet); }
.name, code { font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
dl.facts { display: flex; flex-wrap: wrap; gap: .2rem 2.2rem; margin: .6rem 0 0; }
dl.facts div { display: flex; gap: .5rem; } dl.facts dt { color: var(--quiet); }
dl.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
nav { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); margin-top: 1rem; }
nav div { max-width: 100rem; margin: 0 auto; padding: .5rem 1.5rem; display: flex; gap: .4rem 1.2rem; align-items: center;
  flex-wrap: wrap; }
nav input[type=search] { font: inherit; padding: .15rem .6rem; width: 16rem; max-width: 100%; margin-left: auto; border-radius: 6px;
  border: 1px solid var(--line); background: var(--panel); color: inherit; }
nav output { color: var(--quiet); font-variant-numeric: tabular-nums; }
nav output:empty { display: none; }

.flame { position: relative; height: calc(var(--depth) * 20px); overflow: hidden; border-radius: 4px; }
.flamebox { max-height: 75vh; overflow-y: auto; }
.flame a { cursor: pointer; position: absolute; top: calc(var(--d) * 20px); height: 19px; padding: 0 4px; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; font: 11.5px/19px var(--mono); color: var(--text); border-right: 1px solid var(--page); border-radius: 2px; }
.flame a:hover { outline: 1px solid var(--text); outline-offset: -1px; text-decoration: none; }
.flame a.off { opacity: .25; }
.m0 { background: var(--m0); } .m1 { background: var(--m1); } .m2 { background: var(--m2); } .m3 { background: var(--m3); }
.m4 { background: var(--m4); } .m5 { background: var(--m5); } .m6 { background: var(--m6); }
button { font: inherit; font-size: .9rem; color: var(--link); background: none; border: 1px solid var(--line); border-radius: 6px;
  padding: .1rem .7rem; cursor: pointer; }
button[hidden] { display: none; }

table { border-collapse: collapse; width: 100%; }
th { color: var(--quiet); font-weight: 500; font-size: .85rem; text-align: left; }
th, td { padding: .22rem 1rem .22rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 0; }
td.num, th.num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.bar { width: 12rem; padding-right: 1rem; }
td.bar i { display: block; height: .6rem; background: var(--bar); border-radius: 2px; min-width: 1px; }
table:not(.all) tr.more { display: none; }
tr.hit td { background: var(--mark); }
.scroll { overflow-x: auto; }

section.fn { border-top: 1px solid var(--line); padding: 1rem 0 .4rem; margin-top: 1rem; }
.calls { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; margin: .4rem 0 .6rem; font-size: .9rem; }
.calls ul { list-style: none; margin: .1rem 0; padding: 0; }
.calls li { display: flex; justify-content: space-between; gap: 1rem; font-variant-numeric: tabular-nums; }
.calls li span { white-space: nowrap; color: var(--quiet); }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 6px; }
summary { padding: .35rem .8rem; cursor: pointer; font-variant-numeric: tabular-nums; background: var(--panel); border-radius: 6px; }
details[open] summary { border-radius: 6px 6px 0 0; }
summary .name { font-weight: 600; }
summary span { margin-right: 1.1rem; }
.exitsline { padding: .1rem .8rem; font-size: .9rem; color: var(--quiet); }
.code { font: 12px/1.45 var(--mono); padding: .2rem 0; }
.r { display: grid; grid-template-columns: 6.5rem minmax(0, 1.1fr) minmax(0, 1fr) minmax(0, 1.25fr) minmax(0, 1.25fr); gap: 0 1rem;
  padding: 1px .8rem; }
.nosrc .r { grid-template-columns: 6.5rem minmax(0, 1fr) minmax(0, 1.25fr) minmax(0, 1.25fr); }
.nosrc .src { display: none; }
.r:hover { background: var(--panel); }
.r p { margin: 0; padding-left: 1.5em; text-indent: -1.5em; overflow-wrap: anywhere; }
.r .n { text-align: right; color: var(--quiet); font-variant-numeric: tabular-nums; }
.r .src i { color: var(--quiet); font-style: normal; }
.r .g b { font-weight: 600; }
.r .ir, .r .h { color: var(--quiet); }
.r .h { color: var(--text); }
.r.head { color: var(--quiet); font: 500 .8rem/1.6 system-ui, "DejaVu Sans", sans-serif; border-bottom: 1px solid var(--line); }
.r.head div { color: var(--quiet); }
.r.exits { border-top: 1px dashed var(--line); margin-top: 2px; padding-top: 3px; }
.r.exits .g { color: var(--quiet); }
.ir.raw, body.raw .ir.opt { display: none; }
body.raw .ir.raw { display: block; }
.away { display: none; }
footer { color: var(--quiet); font-size: .9rem; margin: 2.5rem 0; max-width: 60rem; }

@media (max-width: 60rem) {
  main, header, nav div { padding-left: 1rem; padding-right: 1rem; }
  .wide { display: none; }
  .calls { grid-template-columns: 1fr; }
  nav input[type=search] { margin-left: 0; width: 100%; }
  .r, .nosrc .r { display: block; padding: 3px .6rem; border-bottom: 1px solid var(--line); }
  .r.head { display: none; }
  .r .n { float: right; margin-left: 1rem; }
  .r .src { color: var(--quiet); }
  .r .ir, .r .h { padding-left: 1rem; border-left: 2px solid var(--m2); }
  .r .h { border-left-color: var(--m1); }
  .r .ir:empty, .r .h:empty, .r .src:empty { display: none; }
}
@media (min-width: 60.01rem) { .narrow { display: none; } }
)css";

// Without it the page can be read, too.
const char* const kPageScript = R"js(
(() => {
  'use strict';
  const all = (selector) => [...document.querySelectorAll(selector)];
  const frames = all('.flame a');
  const place = frames.map((f) => ({left: parseFloat(f.style.left), width: parseFloat(f.style.width),
    depth: Number(f.style.getPropertyValue('--d'))}));
  const reset = document.getElementById('reset');
  const zoom = (to) => {
    frames.forEach((f, i) => {
      const p = place[i];
      const above = p.depth < to.depth && p.left <= to.left + 1e-6 && p.left + p.width >= to.left + to.width - 1e-6;
      const inside = p.depth >= to.depth && p.left >= to.left - 1e-6 && p.left + p.width <= to.left + to.width + 1e-6;
      f.hidden = !above && !inside;
      f.style.display = f.hidden ? 'none' : '';
      f.style.left = above ? '0%' : (p.left - to.left) / to.width * 100 + '%';
      f.style.width = above ? '100%' : p.width / to.width * 100 + '%';
    });
    reset.hidden = to.width > 99.999;
  };
  frames.forEach((f, i) => f.addEventListener('click', (event) => {
    event.preventDefault();
    if (parseFloat(f.style.width) > 99.999 && f.hasAttribute('href')) { location.hash = f.getAttribute('href'); return; }
    zoom(place[i]);
  }));
  if (reset) reset.addEventListener('click', () => zoom({left: 0, width: 100, depth: 0}));

  all('button[data-all]').forEach((b) => b.addEventListener('click', () => {
    document.getElementById(b.dataset.all).classList.add('all');
    b.hidden = true;
  }));
  const raw = document.getElementById('raw');
  if (raw) raw.addEventListener('change', () => document.body.classList.toggle('raw', raw.checked));

  const search = document.getElementById('search');
  const found = document.getElementById('found');
  const sections = all('section.fn'), rows = all('tr[data-name]');
  const look = () => {
    const wanted = search.value.trim().toLowerCase();
    let functions = 0;
    rows.forEach((row) => {
      const hit = row.dataset.name.toLowerCase().includes(wanted);
      functions += hit && row.dataset.kind === 'f' ? 1 : 0;
      row.classList.toggle('away', !hit);
      row.style.display = wanted && hit ? 'table-row' : '';
    });
    frames.forEach((f) => f.classList.toggle('off', wanted !== '' && !f.textContent.toLowerCase().includes(wanted)));
    sections.forEach((s) => {
      const named = s.dataset.name.toLowerCase().includes(wanted);
      let any = named;
      s.querySelectorAll('details').forEach((d) => {
        const hit = named || d.textContent.toLowerCase().includes(wanted);
        d.classList.toggle('away', !hit);
        any ||= hit;
      });
      s.classList.toggle('away', !any);
    });
    found.value = wanted ? functions + (functions === 1 ? ' function' : ' functions') : '';
  };
  search.addEventListener('input', look);
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== search) { event.preventDefault(); search.focus(); }
    if (event.key === 'Escape' && document.activeElement === search) { search.value = ''; look(); }
  });
})();
)js";

}  // namespace dragoman::debug
