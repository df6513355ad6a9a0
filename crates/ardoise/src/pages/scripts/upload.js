// Resumable uploads (tus 1.0) with progress, drag and drop, and a way back. The form then carries hidden `upload` ids
// instead of the files; without JavaScript it carries the files themselves.
(() => {
  const input = document.getElementById('files');
  const form = input && input.form;
  const list = form && form.querySelector('.uploads');
  const drop = form && form.querySelector('.drop');
  if (!list || !window.fetch) return;
  form.classList.add('live-uploads');
  const PIECE = 8 * 1024 * 1024;
  const [tus, words] = [{ 'Tus-Resumable': '1.0.0' }, list.dataset];
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  // What the shop refuses it tells in words; only what may pass later is tried again.
  const ask = async (url, options, expected) => {
    const answer = await fetch(url, options);
    if (answer.status === expected) return answer;
    const { detail } = await answer.json().catch(() => ({}));
    const final = answer.status < 500 && ![409, 423].includes(answer.status);
    throw Object.assign(new Error(), { told: detail, final });
  };

  const create = async (file, signal) => {
    const headers = { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': `filename ${base64(file.name)}` };
    const answer = await ask(form.dataset.uploads, { method: 'POST', headers, signal }, 201);
    return new URL(answer.headers.get('Location'), location.href).href;
  };

  const offsetIn = (answer) => Number(answer.headers.get('Upload-Offset'));
  const send = async (file, url, progress, signal) => {
    let offset = 0;
    for (let failures = 0; offset < file.size;) {
      try {
        const headers = { ...tus, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' };
        const body = file.slice(offset, offset + PIECE);
        offset = offsetIn(await ask(url, { method: 'PATCH', headers, body, signal }, 204));
        failures = 0;
      } catch (slip) {
        if (signal.aborted || slip.final || ++failures > 8) throw slip;
        await new Promise((done) => setTimeout(done, 500 * 2 ** failures));
        offset = await ask(url, { method: 'HEAD', headers: tus, signal }, 200).then(offsetIn).catch(() => offset);
      }
      progress.value = offset;
    }
  };

  const running = new Set();
  const take = (files) => [...files].forEach((file) => {
    const stop = new AbortController();
    const item = list.appendChild(make('li', {}));
    const state = make('small', { textContent: words.waiting });
    const progress = make('progress', { max: Math.max(file.size, 1), value: 0, ariaLabel: file.name });
    const remove = make('button', { type: 'button', className: 'undo', textContent: words.remove });
    remove.append(make('span', { className: 'unseen', textContent: ` ${file.name}` }));
    item.append(make('span', { textContent: file.name }), state, remove, progress);
    let url;
    const work = create(file, stop.signal).then(async (place) => {
      url = place;
      await send(file, url, progress, stop.signal);
      item.append(make('input', { type: 'hidden', name: 'upload', value: url.split('/').pop() }));
      progress.value = progress.max;
      state.textContent = words.done;
    }).catch((slip) => { item.classList.add('failed'); state.textContent = slip.told || words.failed; });
    const end = work.finally(() => running.delete(end));
    running.add(end);
    remove.addEventListener('click', () => {
      stop.abort();
      item.remove();
      if (url) fetch(url, { method: 'DELETE', headers: tus }).catch(() => {});
      input.focus();
    });
  });

  input.addEventListener('change', () => { take(input.files); input.value = ''; });
  ['dragover', 'drop', 'dragleave'].forEach((kind) => drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') take(event.dataTransfer.files);
  }));
  form.addEventListener('submit', async (event) => {
    const failed = () => list.querySelector('.failed button');
    if (!running.size && !failed()) return;
    event.preventDefault();
    const pressed = event.submitter;
    pressed.setAttribute('aria-busy', 'true');
    await Promise.allSettled(running);
    pressed.removeAttribute('aria-busy');
    if (failed()) failed().focus(); else form.requestSubmit(pressed);
  });
})();
