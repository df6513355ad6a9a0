// Resumable uploads (tus 1.0) with progress and drag and drop. The form then carries hidden `upload` ids instead of the
// files; without JavaScript it carries the files themselves.
(() => {
  const input = document.getElementById('files');
  const form = input && input.form;
  const list = form && form.querySelector('.uploads');
  const drop = form && form.querySelector('.drop');
  if (!list || !window.fetch) return;
  form.classList.add('live-uploads');
  const PIECE = 8 * 1024 * 1024;
  const [tus, words] = [{ 'Tus-Resumable': '1.0.0' }, list.dataset];
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  const create = async (file) => {
    const metadata = `filename ${base64(file.name)},filetype ${base64(file.type || 'application/octet-stream')}`;
    const headers = { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': metadata };
    const answer = await fetch(form.dataset.uploads, { method: 'POST', headers });
    if (answer.status !== 201) throw new Error(String(answer.status));
    return new URL(answer.headers.get('Location'), location.href).href;
  };

  const offsetOf = async (url) => Number((await fetch(url, { method: 'HEAD', headers: tus })).headers.get('Upload-Offset'));

  const send = async (file, url, progress) => {
    let offset = 0;
    for (let failures = 0; offset < file.size;) {
      try {
        const headers = { ...tus, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' };
        const answer = await fetch(url, { method: 'PATCH', headers, body: file.slice(offset, offset + PIECE) });
        if (answer.status !== 204) throw new Error(String(answer.status));
        offset = Number(answer.headers.get('Upload-Offset'));
        failures = 0;
      } catch (slip) {
        if (++failures > 8) throw slip;
        await wait(500 * 2 ** failures);
        offset = await offsetOf(url).catch(() => offset);
      }
      progress.value = offset;
    }
  };

  const row = (file) => {
    const item = list.appendChild(document.createElement('li'));
    const name = item.appendChild(document.createElement('span'));
    const progress = item.appendChild(document.createElement('progress'));
    const state = item.appendChild(document.createElement('small'));
    name.textContent = file.name;
    Object.assign(progress, { max: Math.max(file.size, 1), value: 0, ariaLabel: file.name });
    state.textContent = words.waiting;
    return { item, progress, state };
  };

  const running = new Set();
  const take = (files) => [...files].forEach((file) => {
    const { item, progress, state } = row(file);
    const work = create(file).then(async (url) => {
      await send(file, url, progress);
      const id = Object.assign(document.createElement('input'), { type: 'hidden', name: 'upload', value: url.split('/').pop() });
      item.append(id);
      progress.value = progress.max;
      state.textContent = words.done;
    }).catch(() => { item.classList.add('failed'); state.textContent = words.failed; });
    const end = work.finally(() => running.delete(end));
    running.add(end);
  });

  input.addEventListener('change', () => { take(input.files); input.value = ''; });
  ['dragover', 'drop', 'dragleave'].forEach((kind) => drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') take(event.dataTransfer.files);
  }));
  form.addEventListener('submit', async (event) => {
    if (!running.size) return;
    event.preventDefault();
    const pressed = event.submitter;
    await Promise.allSettled(running);
    if (!list.querySelector('.failed')) form.requestSubmit(pressed);
  });
})();
