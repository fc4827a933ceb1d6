// usage: node tracing_view.js TRACE_VIEWER_FULL.html TRACE...: what Chrome's tracing view makes of each trace, as one line of JSON.
// The page is the one that Go's `go tool trace` brings along. Its scripts run one by one, without a browser: those of the user interface
// fail for want of one, those of the model and the importers do not need it.
'use strict';
const fs = require('fs');
const vm = require('vm');

const [page, ...traces] = process.argv.slice(2);
const world = {console, isVinn: true};  // what the page calls a world without windows
world.global = world.self = world;
vm.createContext(world);
const scripts = fs.readFileSync(page, 'utf8').match(/<script[^>]*>([^]*?)<\/script>/)[1].split(/(?='use strict';)/);
for (const script of scripts) {
  try {
    vm.runInContext(script, world);
  } catch (failure) {
    // of the user interface
  }
}

function look(text) {
  const model = new tr.Model();
  new tr.importer.Import(model).importTraces([text]);
  const track = slice => slice ? slice.parentContainer.tid : null;
  return {
    warnings: model.importWarnings,
    tracks: model.getAllThreads().map(thread => ({
      number: thread.tid, name: thread.name, slices: thread.sliceGroup.slices.map(slice => [slice.title, slice.start, slice.duration]),
      unfinished: thread.sliceGroup.slices.filter(slice => slice.didNotFinish).length})),
    processes: model.getAllProcesses().map(process => process.name),
    arrows: model.flowEvents.map(flow => [flow.title, track(flow.startSlice), track(flow.endSlice)]),
  };
}

const read = vm.runInContext(`(${look})`, world);
for (const trace of traces) console.log(JSON.stringify(read(fs.readFileSync(trace, 'utf8'))));
