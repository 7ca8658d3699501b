package panel

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browserPath finds a Chromium. Where there is none the test is skipped aloud, except where skipping would hide it.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	message := "no Chromium on the PATH: install chromium or google-chrome to see the panel's pages tested in a browser"
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// newTab starts a browser of its own and collects what its console complains about.
func newTab(t *testing.T) (ctx context.Context, complaints func() []string) {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(browserPath(t)), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("hide-scrollbars", true)}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)

	var mu sync.Mutex
	var list []string
	add := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, text)
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			add("exception: " + e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			add("console: " + string(e.Type))
		case *log.EventEntryAdded:
			add(string(e.Entry.Level) + ": " + e.Entry.Text + " " + e.Entry.URL)
		}
	})
	if err != nil {
		t.Fatalf("the browser did not start: %v", err)
	}
	if _, err := cdp.Call(ctx, chromedp.FromContext(ctx).Target, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

// look sets width and theme.
func look(t *testing.T, ctx context.Context, width int64, theme string) {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
		t.Fatal(err)
	}
	if _, err := cdp.Call(ctx, chromedp.FromContext(ctx).Target, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return got
}

// dim lists texts whose contrast with what is behind them is too low to read (WCAG 2, level AA).
const dim = `(() => {
  const parts = (c) => (c.match(/[\d.]+/g) || []).map(Number);
  const bright = (c) => { const [r, g, b] = parts(c).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parts(c);
    if (p.length < 4 || p[3] === 1) return c; } return "rgb(255,255,255)"; };
  const out = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, style = getComputedStyle(e);
    if (!walk.currentNode.data.trim() || !e.checkVisibility() || ["TITLE", "SCRIPT"].includes(e.tagName.toUpperCase())) continue;
    const a = bright(style.color), b = bright(behind(e)), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) out.add(e.tagName + "." + e.className + " " + ratio.toFixed(2) + " " + walk.currentNode.data.trim().slice(0, 30));
  }
  return [...out];
})()`

func TestPagesInABrowser(t *testing.T) {
	ctx, complaints := newTab(t)
	b := newBench(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+b.SignInLink(bakery))); err != nil {
		t.Fatal(err)
	}
	pages := []struct{ name, path, heading string }{
		{"overview", "/", "2 records need you"},
		{"activity", "/flows/orders", "Orders"},
		{"problems", "/flows/orders/problems", "Orders"},
		{"runs", "/flows/orders/runs", "Orders"},
		{"order", recordURL("orders", "c9-send", "6f0e3a52-91c4-11ef-8f11-0242ac120002"), "Order 2026.318"},
		{"rejected", recordURL("orders", "c7-send", "7a11"), "Order 2026.311"},
		{"connections", "/connections", "Connections"},
	}
	for _, page := range pages {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{1440, 390} {
				t.Run(fmt.Sprintf("%s-%s-%d", page.name, theme, width), func(t *testing.T) {
					look(t, ctx, width, theme)
					if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+page.path)); err != nil {
						t.Fatal(err)
					}
					if got := evaluate[string](t, ctx, `document.querySelector("h1").textContent`); !strings.HasPrefix(got, page.heading) {
						t.Errorf("the heading is %q, want %q", got, page.heading)
					}
					if over := evaluate[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
						t.Errorf("the page is %d pixels wider than the window", over)
					}
					for _, text := range evaluate[[]string](t, ctx, dim) {
						t.Errorf("hard to read: %s", text)
					}
					keep(t, ctx, page.name, theme, width)
				})
			}
		}
	}
	if got := complaints(); len(got) > 0 {
		t.Errorf("the console says %q", got)
	}
}

// keep takes a picture of the page. With PICTURES=1 those shown to readers are written into the repository.
func keep(t *testing.T, ctx context.Context, name, theme string, width int64) {
	t.Helper()
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	if size.Width != int(width) {
		t.Errorf("the picture is %d pixels wide, want %d", size.Width, width)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%s-%d.png", name, theme, width)), shot, 0o644); err != nil {
		t.Fatal(err)
	}
	if theme != "light" || width != 1440 || (name != "order" && name != "overview") {
		return
	}
	path := filepath.Join("pictures", name+".png")
	if os.Getenv("PICTURES") == "1" {
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		var small bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(picture)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; PICTURES=1 takes it", err)
	}
	old, err := png.DecodeConfig(bytes.NewReader(kept))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if old.Width != int(width) || len(kept) > 300<<10 {
		t.Errorf("%s is %d pixels wide and %d bytes, want %d and at most %d", path, old.Width, len(kept), width, 300<<10)
	}
}

// fewColours keeps the colours a picture uses most and those that stand apart, and takes the nearest of them for the others,
// which are the edges of letters: a file of half the size that looks the same.
func fewColours(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	uses := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			uses[at(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(uses), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	var palette color.Palette
	for _, c := range most[:min(200, len(most))] {
		palette = append(palette, c)
	}
	for len(palette) < min(256, len(most)) { // rare colours that stand far from all others carry meaning too
		farthest, distance := most[0], -1
		for _, c := range most {
			near := palette.Convert(c).(color.RGBA)
			d := func(a, b uint8) int { return (int(a) - int(b)) * (int(a) - int(b)) }
			if sum := d(c.R, near.R) + d(c.G, near.G) + d(c.B, near.B); sum > distance {
				farthest, distance = c, sum
			}
		}
		palette = append(palette, farthest)
	}
	index := map[color.RGBA]uint8{}
	for c := range uses {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}

// TestScriptRefreshes wakes the script up, as a browser does when its tab comes to the front, after something happened.
func TestScriptRefreshes(t *testing.T) {
	ctx, complaints := newTab(t)
	b := newBench(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+b.SignInLink(bakery)), chromedp.Navigate(server.URL+"/flows/orders")); err != nil {
		t.Fatal(err)
	}
	if !evaluate[bool](t, ctx, `document.querySelector("[data-top]").hidden`) {
		t.Error("the page says at once that there is something newer")
	}
	b.store.change(func() {
		b.store.failures = b.store.failures[1:]
		b.store.chunks = slices.Insert(b.store.chunks, 0, chunkOf(t, b.codec, bakery, "orders", "run9", "d1-send", saturday(), deliveredOrder(t)))
	})
	const refreshed = `document.querySelector("[data-light-text]").textContent === "1 record needs you" && !document.querySelector("[data-top]").hidden`
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new Event("visibilitychange"))`)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](refreshed, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Errorf("the light reads %q: %v", evaluate[string](t, ctx, `document.querySelector("[data-light-text]").textContent`), err)
	}
	if got := complaints(); len(got) > 0 {
		t.Errorf("the console says %q", got)
	}
}

func TestKeyboard(t *testing.T) {
	ctx, _ := newTab(t)
	b := newBench(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+b.SignInLink(bakery)), chromedp.Navigate(server.URL+"/flows/orders")); err != nil {
		t.Fatal(err)
	}
	const focused = `(document.activeElement.innerText || document.activeElement.name || "").trim().replace(/\s+/g, " ")`
	want := []string{"Skip to the content", "apicenter", "Overview", "Connections", "Sign out", "Overview", "Run now", "Read everything again", "Pause",
		"Activity", "Problems 2", "Runs", "q", "Search", "All", "Delivered"}
	for i, name := range want {
		if err := chromedp.Do(ctx, chromedp.KeyEvent("\t")); err != nil {
			t.Fatal(err)
		}
		if got := evaluate[string](t, ctx, focused); got != name {
			t.Fatalf("tab %d leads to %q, want %q", i+1, got, name)
		}
		if outline := evaluate[string](t, ctx, `getComputedStyle(document.activeElement).outlineStyle`); outline == "none" {
			t.Errorf("%q has no visible focus", name)
		}
	}
}
