package dev.edgebert.demo

import android.os.Build
import android.view.View
import android.view.WindowInsets

/** Keeps a view out from under system bars, cut-outs and keyboard: from Android 15 on, windows reach from edge to edge. */
fun keepClearOfBars(view: View) {
    view.setOnApplyWindowInsetsListener { _, insets ->
        if (Build.VERSION.SDK_INT >= 30) {
            val kinds = WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime()
            val bars = insets.getInsets(kinds)
            view.setPadding(bars.left, bars.top, bars.right, bars.bottom)
            WindowInsets.CONSUMED
        } else {
            insets.let {
                @Suppress("DEPRECATION")
                view.setPadding(it.systemWindowInsetLeft, it.systemWindowInsetTop, it.systemWindowInsetRight, it.systemWindowInsetBottom)
                @Suppress("DEPRECATION")
                it.consumeSystemWindowInsets()
            }
        }
    }
}
