"use strict";

(() => {
  const PREVIOUS_GRACE = 3; // seconds into a chapter within which "previous" means the one before
  const NEARLY = 0.02; // seconds; a browser may come to rest a frame before where it was sent
  const SAVE_EVERY = 5; // seconds
  const CAPTION_STAYS = 1.5; // seconds after it has been spoken

  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("session").textContent);
  const { words, texts, chapters, moments, captions, duration } = data;
  const [START, BEGINS, END, KIND, TITLE, DETAIL, PLACE, LABEL, PHASE] = Array(9).keys();
  const [END_OF_CAPTION, TEXT_OF_CAPTION] = [1, 2];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  let audio = null; // the sound, as soon as the document is complete
  let wanted = null; // where to go as soon as the sound's length is known, in seconds
  let dragged = null; // where the seek bar is being dragged to, in seconds
  let shown = {}; // numbers of the chapter, moment and caption on the screen
  let lock = null; // keeps the screen awake
  let frame = 0; // the drawing that is to come

  // -- time and words ---------------------------------------------------------------------------

  const position = () => wanted ?? (audio ? audio.currentTime : 0);
  const isPlaying = () => Boolean(audio) && !audio.paused && !audio.ended;

  /** Return the index of the last row that has begun at `time`; -1 before the first. */
  function indexAt(rows, time, startOf) {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (startOf(rows[middle]) <= time + NEARLY) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  const chapterAt = (time) => Math.max(0, indexAt(chapters, time, (row) => row.start));
  const momentAt = (time) => Math.max(0, indexAt(moments, time, (row) => row[START]));
  const captionAt = (time) => indexAt(captions, time, (row) => row[START]);

  const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);

  const bare = (text) => text.replace(/[.!?]$/, "");

  /** Return seconds as clocks show them: 0:05, 13:32, 1:02:03. */
  function clock(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  }

  // -- what is on the screen --------------------------------------------------------------------

  function put(id, text) {
    const element = $(id);
    if (element.textContent !== text) element.textContent = text;
  }

  function draw() {
    const time = dragged ?? position();
    const isOver = Boolean(audio) && audio.ended && dragged === null;
    drawChapter(chapterAt(time));
    drawMoment(isOver ? -1 : momentAt(time));
    drawCaption(isOver ? -1 : captionAt(time), time);
    drawRing(isOver ? null : moments[momentAt(time)], time);
    drawBar(time);
  }

  function drawChapter(index) {
    if (shown.chapter === index) return;
    shown.chapter = index;
    const { title, panel } = chapters[index];
    const isExercise = panel > 0 && panel <= data.exercises;
    put("chapter", title);
    const number = { n: panel, total: data.exercises };
    put("number", isExercise ? fill(words.exercise_of, number) : index ? "" : data.length);
    for (const element of document.querySelectorAll(".panel")) {
      element.classList.toggle("current", Number(element.dataset.panel) === panel);
    }
    for (const button of document.querySelectorAll(".chapter")) {
      const own = Number(button.dataset.chapter);
      button.classList.toggle("past", own < index);
      if (own === index) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    $("next").setAttribute("aria-disabled", String(index === chapters.length - 1));
    tellSystem(index);
  }

  function drawMoment(index) {
    if (shown.moment === index && shown.inChapter === shown.chapter) return;
    shown.moment = index;
    shown.inChapter = shown.chapter;
    const row = moments[index] ?? [0, 0, 0, "done", 0, 0, 0, 0, -1];
    $("now").dataset.kind = row[KIND];
    put("instruction", index < 0 ? words.done : texts[row[TITLE]]);
    put("detail", texts[row[DETAIL]]);
    put("place", texts[row[PLACE]]);
    put("label", texts[row[LABEL]]);
    for (const item of document.querySelectorAll(".panel [data-phase]")) {
      const isNow = Number(item.dataset.phase) === row[PHASE];
      item.classList.toggle("current", isNow && item.closest(".current") !== null);
    }
  }

  function drawCaption(index, time) {
    const row = captions[index];
    const isSpoken = row !== undefined && time < row[END_OF_CAPTION] + CAPTION_STAYS;
    const isOfNow = isSpoken && row[START] >= chapters[shown.chapter].start - NEARLY;
    const silent = row || shown.chapter ? "" : data.description;
    const text = isOfNow ? texts[row[TEXT_OF_CAPTION]] : silent;
    put("caption", text);
    // What is being said stands on the screen already, perhaps without a full stop.
    const isEcho = ["instruction", "detail"].some((id) => $(id).textContent.startsWith(bare(text)));
    $("caption").classList.toggle("echo", text !== "" && isEcho);
  }

  function drawRing(row, time) {
    const length = row ? row[END] - row[BEGINS] : 0;
    const left = row ? Math.min(length, Math.max(0, row[END] - time)) : 0;
    const whole = Math.ceil(left - NEARLY);
    put("seconds", whole < 1 ? "" : whole < 60 ? String(whole) : clock(whole));
    const part = length ? (calm.matches ? Math.min(length, whole) : left) / length : 0;
    $("arc").style.strokeDashoffset = String(1 - part);
    $("arc").style.opacity = part > 0 ? "1" : "0";
  }

  function drawBar(time) {
    const bar = $("position");
    if (dragged === null) bar.value = String(time);
    $("bar").style.setProperty("--part", String(Math.min(1, time / duration)));
    put("elapsed", clock(time));
    put("remaining", `\u2212${clock(duration - time)}`);
    const fields = { time: clock(time), total: clock(duration) };
    const text = fill(words.position_of, { ...fields, chapter: chapters[shown.chapter].title });
    if (bar.getAttribute("aria-valuetext") !== text) bar.setAttribute("aria-valuetext", text);
  }

  function drawMarks() {
    for (const { start } of chapters.slice(1)) {
      const mark = document.createElement("i");
      mark.style.setProperty("--part", String(start / duration));
      $("marks").append(mark);
    }
  }

  function animate() {
    cancelAnimationFrame(frame);
    draw();
    frame = isPlaying() && !document.hidden ? requestAnimationFrame(animate) : 0;
  }

  // -- playing and going elsewhere --------------------------------------------------------------

  function play() {
    put("notice", "");
    const started = audio?.play();
    started?.catch((error) => {
      if (error.name === "NotSupportedError") put("notice", words.cannot_play);
    });
  }

  const pause = () => audio?.pause();
  const toggle = () => (isPlaying() ? pause() : play());

  /** Go to `time` seconds; `told` is what a screen reader says about it. */
  function seek(time, told = "") {
    const target = Math.min(Math.max(0, time), Math.max(0, duration - 0.1));
    if (audio && audio.readyState >= HTMLMediaElement.HAVE_METADATA) {
      wanted = null;
      audio.currentTime = target;
    } else {
      wanted = target;
    }
    put("notice", "");
    $("spoken").textContent = told;
    save();
    tellPosition();
    draw();
  }

  const seekBy = (seconds) => seek(position() + seconds);

  function goTo(index) {
    const { start, title } = chapters[index];
    seek(start, title);
  }

  function previous() {
    const index = chapterAt(position());
    const isAtStart = position() - chapters[index].start < PREVIOUS_GRACE;
    goTo(isAtStart ? Math.max(0, index - 1) : index);
  }

  function next() {
    const index = chapterAt(position()) + 1;
    if (index < chapters.length) goTo(index);
  }

  // -- headset buttons and the lock screen ------------------------------------------------------

  function tellSystem(index) {
    if (!("mediaSession" in navigator) || !("MediaMetadata" in window)) return;
    const { title } = chapters[index];
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist: data.title });
  }

  function tellPosition() {
    try {
      const now = Math.min(position(), duration);
      navigator.mediaSession.setPositionState({ duration, position: now, playbackRate: 1 });
    } catch {
      // A browser without it shows no position.
    }
  }

  function handleKeysOfSystem() {
    const actions = {
      play,
      pause,
      previoustrack: previous,
      nexttrack: next,
      seekbackward: ({ seekOffset }) => seekBy(-(seekOffset || data.step)),
      seekforward: ({ seekOffset }) => seekBy(seekOffset || data.step),
      seekto: ({ seekTime }) => seek(seekTime),
    };
    for (const [action, handler] of Object.entries(actions)) {
      try {
        navigator.mediaSession.setActionHandler(action, handler);
      } catch {
        // The browser does not know this action.
      }
    }
  }

  // -- the screen stays on while it plays -------------------------------------------------------

  async function keepAwake() {
    if (!isPlaying() || document.hidden || lock || !("wakeLock" in navigator)) return;
    try {
      const own = await navigator.wakeLock.request("screen");
      if (!isPlaying() || lock) {
        own.release();
        return;
      }
      lock = own;
      own.addEventListener("release", () => {
        if (lock === own) lock = null;
      });
    } catch {
      // Refused, for example because the battery is low.
    }
  }

  function letSleep() {
    lock?.release();
    lock = null;
  }

  // -- the place is remembered ------------------------------------------------------------------

  const key = `coach:${data.key}`;

  function save() {
    try {
      const time = position();
      if (time < SAVE_EVERY || (audio && audio.ended)) localStorage.removeItem(key);
      else localStorage.setItem(key, time.toFixed(1));
    } catch {
      // Nothing is remembered where that is not allowed.
    }
  }

  function saved() {
    try {
      const time = Number(localStorage.getItem(key));
      return time >= SAVE_EVERY && time < duration - SAVE_EVERY ? time : 0;
    } catch {
      return 0;
    }
  }

  // -- what the user does -----------------------------------------------------------------------

  function handleButtons() {
    const actions = {
      play: toggle,
      previous,
      next,
      back: () => seekBy(-data.step),
      forward: () => seekBy(data.step),
      print: () => window.print(),
    };
    for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", action);
    for (const button of document.querySelectorAll(".chapter")) {
      button.addEventListener("click", () => {
        goTo(Number(button.dataset.chapter));
        $("now").scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
      });
    }
    const bar = $("position");
    bar.addEventListener("input", () => {
      dragged = Number(bar.value);
      draw();
    });
    bar.addEventListener("change", () => {
      const time = Number(bar.value);
      dragged = null;
      seek(time);
    });
    for (const name of ["pointercancel", "blur"]) {
      bar.addEventListener(name, () => {
        dragged = null;
        draw();
      });
    }
  }

  function handleKeys() {
    const ahead = data.direction === "rtl" ? -data.step : data.step;
    const actions = {
      ArrowRight: () => seekBy(ahead),
      ArrowLeft: () => seekBy(-ahead),
      n: next,
      p: previous,
      k: toggle,
    };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const isOnButton = event.target instanceof HTMLButtonElement;
      const action = name === " " && !isOnButton && !event.repeat ? toggle : actions[name];
      if (!action) return;
      event.preventDefault();
      action();
    });
  }

  function handleSound() {
    let savedAt = 0;
    const changed = () => {
      const playing = isPlaying();
      document.documentElement.classList.toggle("playing", playing);
      $("play").setAttribute("aria-label", playing ? words.pause : words.play);
      if ("mediaSession" in navigator) {
        navigator.mediaSession.playbackState = playing ? "playing" : "paused";
      }
      if (playing) keepAwake();
      else letSleep();
      tellPosition();
      save();
      animate();
    };
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, changed);
    audio.addEventListener("loadedmetadata", () => {
      if (wanted !== null) {
        audio.currentTime = wanted;
        wanted = null;
      }
      draw();
    });
    audio.addEventListener("seeked", () => {
      tellPosition();
      draw();
    });
    audio.addEventListener("timeupdate", () => {
      draw();
      if (Math.abs(position() - savedAt) >= SAVE_EVERY) {
        savedAt = position();
        save();
        tellPosition();
      }
    });
    audio.addEventListener("error", () => put("notice", words.cannot_play));
    document.addEventListener("visibilitychange", () => {
      save();
      keepAwake();
      animate();
    });
    window.addEventListener("pagehide", save);
  }

  /** Return the bytes of the embedded sound as a file, in which browsers seek much faster. */
  function soundFile(address) {
    const comma = address.indexOf(",");
    const type = address.slice("data:".length, address.indexOf(";"));
    const body = address.slice(comma + 1);
    return new Blob([Uint8Array.fromBase64 ? Uint8Array.fromBase64(body) : decoded(body)], { type });
  }

  function decoded(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  function start() {
    audio = $("sound");
    audio.removeAttribute("controls");
    handleSound();
    audio.src = URL.createObjectURL(soundFile(audio.getAttribute("src")));
    const time = saved();
    if (time) {
      seek(time);
      put("notice", fill(words.goes_on, { time: clock(time) }));
    }
    draw();
  }

  /** Do `action`; if it fails, the sheet and the browser's own player do without all this. */
  function attempt(action) {
    try {
      action();
    } catch (error) {
      document.documentElement.classList.remove("js");
      if (audio) audio.controls = true;
      throw error;
    }
  }

  document.documentElement.classList.add("js");
  attempt(() => {
    drawMarks();
    handleButtons();
    handleKeys();
    handleKeysOfSystem();
    draw();
  });
  document.addEventListener("DOMContentLoaded", () => attempt(start));
})();
