package panel

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"

	"apicenter/shared/store"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file browsers may keep: its address changes with its content.
type asset struct {
	body, kind string
	hash       string
}

func loadAssets() (map[string]asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("panel: assets: %w", err)
	}
	out := make(map[string]asset, len(entries))
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("panel: assets: %w", err)
		}
		sum := sha256.Sum256(body)
		out[entry.Name()] = asset{body: string(body), kind: kinds[path.Ext(entry.Name())], hash: hex.EncodeToString(sum[:6])}
	}
	return out, nil
}

// assetURL is the address of an asset's present content.
func (p *Panel) assetURL(name string) string { return "/static/" + name + "?v=" + p.assets[name].hash }

func (p *Panel) serveAsset(w http.ResponseWriter, r *http.Request, _ *visit) error {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		return store.ErrNotFound
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, err := w.Write([]byte(a.body))
	if err != nil {
		return errSaid
	}
	return nil
}
